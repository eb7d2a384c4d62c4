// SPDX-License-Identifier: Apache-2.0
import DefaultTheme from 'vitepress/theme';
import './wide-tables.css';

export default DefaultTheme;
